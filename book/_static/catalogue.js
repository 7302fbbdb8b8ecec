// What the explorers know by name, written by stepsize.explore.page.catalogue_script().
"use strict";

Stepsize.catalogue = {
  objectives: {"rosenbrock":{"title":"Rosenbrock's valley","function":"rosenbrock","parameters":{},"view":[[-1.8,1.8],[-0.8,2.2]]},"bowl":{"title":"bowl, curvatures 1000 and 1","function":"quadratic","parameters":{"curvature":[1000,1],"minimizer":[1,1]},"view":[[-1.5,3.5],[-0.5,2.5]]},"turned bowl":{"title":"the bowl turned by 45 degrees","function":"quadratic","parameters":{"curvature":[[500.5,499.5],[499.5,500.5]],"minimizer":[1,1]},"view":[[-1.5,3.5],[-1,3]]},"tilted bowl":{"title":"bowl, curvatures 100 and 1, turned by 37 degrees","function":"quadratic","parameters":{"curvature":[[64.36,47.52],[47.52,36.64]],"minimizer":[1,1]},"view":[[-1.5,3.5],[-1,3]]},"beale":{"title":"Beale's function","function":"beale","parameters":{},"view":[[-1,4.5],[-2,2]]},"camel":{"title":"the camel with three humps","function":"camel","parameters":{},"view":[[-2.5,2.5],[-2,2]]}},
  dashes: [[],[6,3],[2,3],[8,3,2,3]],
  styles: {"GradientDescent":{"colour":"#0072B2","dash":0,"label":"GD"},"HeavyBall":{"colour":"#009E73","dash":1,"label":"heavy ball"},"Nesterov":{"colour":"#56B4E9","dash":3,"label":"Nesterov"},"Csawg":{"colour":"#D55E00","dash":0,"label":"Csawg","windows":{"1":"#f0932b","2":"#e8831e","3":"#e37a17","5":"#dd6e0d","10":"#d55e00","20":"#c44e05","50":"#ad3a0b","100":"#9c2a10","300":"#741c0f","1000":"#4a0d0d"}},"Polyak":{"colour":"#CC79A7","dash":0,"label":"Polyak"},"StochasticPolyak":{"colour":"#CC79A7","dash":1,"label":"SPS"},"L4":{"colour":"#8C6BB1","dash":3,"label":"L4"},"LossGrad":{"colour":"#A6761D","dash":0,"label":"LossGrad"},"AdaGrad":{"colour":"#B8860B","dash":2,"label":"AdaGrad"},"RMSProp":{"colour":"#C99700","dash":1,"label":"RMSProp"},"Adam":{"colour":"#222222","dash":0,"label":"Adam"},"HypergradientDescent":{"colour":"#7A5195","dash":1,"label":"HD"},"AdamHD":{"colour":"#666666","dash":3,"label":"Adam-HD"},"BarzilaiBorwein":{"colour":"#4D9221","dash":2,"label":"Barzilai-Borwein"},"IDBD":{"colour":"#C2185B","dash":0,"label":"IDBD"},"Autostep":{"colour":"#E7298A","dash":1,"label":"Autostep"}},
  knobs: {"step_size":[{"decades":[-5,-1,[1,1.1,1.2,1.3,1.4,1.5,1.6,1.7,1.8,1.9,2,2.2,2.4,2.6,2.8,3,3.2,3.4,3.6,3.8,4,4.2,4.4,4.6,4.8,5,5.5,6,6.5,7,7.5,8,8.5,9,9.5]]}],"momentum":[0,0.05,0.1,0.15,0.2,0.25,0.3,0.35,0.4,0.45,0.5,0.55,0.6,0.65,0.7,0.75,0.8,0.85,0.9,0.91,0.92,0.93,0.94,0.95,0.96,0.97,0.98,0.99,0.995,0.999],"Nesterov.momentum":[{"like":"momentum"},"increasing"],"window":[1,2,3,4,5,6,7,8,9,{"decades":[1,2,[1,1.2,1.5,2,2.5,3,4,5,6,8]]}],"planning_steps":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20],"correction_steps":[0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,30,50],"pairing":["published","derived"],"reuse_gradient":[false,true],"minimum":[-10,-1,-0.1,0,0.001,0.01,0.1,1,10],"L4.minimum":[{"like":"minimum"},null],"max_step":[{"decades":[-5,1,[1,2,5]]},1e999],"scale":[0.1,0.2,0.25,0.3,0.4,0.5,0.6,0.7,0.8,0.9,1,1.5,2,3,5],"eps":[0,1e-12,1e-11,1e-10,1e-09,1e-08,1e-07,1e-06,1e-05,0.0001,0.001,0.01,0.1,1,10],"growth":[1,1.01,1.02,1.05,1.1,1.2,1.5,2,3,null],"direction":["momentum","adam","gradient"],"fraction":[0,0.05,0.1,0.15,0.2,0.25,0.3,0.35,0.4,0.45,0.5,0.55,0.6,0.65,0.7,0.75,0.8,0.85,0.9,0.95,1],"minimum_factor":[{"like":"fraction"}],"initial_factor":[{"like":"fraction"}],"forget_time":[{"decades":[0,4,[1,2,5]]},1e999],"direction_eps":[{"like":"eps"}],"beta1":[{"like":"momentum"}],"beta2":[{"like":"momentum"},0.9999],"decay":[{"like":"momentum"}],"eps_inside":[false,true],"bias_correction":[false,true],"factor":[1,1.01,1.02,1.05,1.1,1.2,1.5,2,3],"meta_step_size":[0,{"decades":[-12,0,[1,2,5]]}],"HypergradientDescent.meta_step_size":[{"like":"meta_step_size"}],"AdamHD.meta_step_size":[{"like":"meta_step_size"}],"trace_decay":[{"like":"momentum"}],"multiplicative":[false,true],"variant":["long","short"],"tau":[{"decades":[0,5,[1,2,5]]}]},
  fresh: {"step_size":0.001,"window":10,"minimum":0,"HypergradientDescent.meta_step_size":1e-09,"AdamHD.meta_step_size":1e-07},
  level: 1e-08,
  most: 4,
};
{
  // Lists in full: { like } stands for those of another name, { decades } for what _decades makes.
  const { knobs } = Stepsize.catalogue;
  const part = (value) => {
    if (value?.like) return knobs[value.like];
    if (!value?.decades) return value;
    const [first, last, mantissas] = value.decades, stops = [];
    for (let k = first; k <= last; k++) stops.push(...mantissas.map((m) => Number(`${m}e${k}`)));
    return [...stops, Number(`1e${last + 1}`)];
  };
  for (const [name, values] of Object.entries(knobs)) knobs[name] = values.flatMap(part);
}
